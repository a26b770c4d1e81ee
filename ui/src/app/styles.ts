import '@fontsource-variable/inter/wght.css'
import '@mantine/core/styles/baseline.css'
import './parts'
import './page.css'
