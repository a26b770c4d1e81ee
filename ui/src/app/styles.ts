import '@fontsource-variable/inter/wght.css'
import './parts'
import './page.css'
