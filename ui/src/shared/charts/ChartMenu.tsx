import { ActionIcon, Menu } from '@mantine/core'
import { ChartLine, Ellipsis, ImageDown, Logs, Table2 } from 'lucide-react'

interface ChartMenuProps {
  readonly title: string
  readonly asTable: boolean
  readonly onTable: (asTable: boolean) => void
  readonly onPicture: () => void
  /** null where the axis has no choice. */
  readonly logarithmic: boolean | null
  readonly onLogarithmic: (logarithmic: boolean) => void
}

export function ChartMenu({ title, asTable, onTable, onPicture, logarithmic, onLogarithmic }: ChartMenuProps) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`More for ${title}`}>
          <Ellipsis size={15} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={asTable ? <ChartLine size={14} /> : <Table2 size={14} />}
          onClick={() => onTable(!asTable)}
        >
          {asTable ? 'Show as chart' : 'Show as table'}
        </Menu.Item>
        {!asTable && (
          <Menu.Item leftSection={<ImageDown size={14} />} onClick={onPicture}>
            Save as picture (PNG)
          </Menu.Item>
        )}
        {logarithmic !== null && !asTable && (
          <Menu.Item leftSection={<Logs size={14} />} onClick={() => onLogarithmic(!logarithmic)}>
            {logarithmic ? 'Linear axis' : 'Logarithmic axis'}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
