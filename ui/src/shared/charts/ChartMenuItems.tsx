import { Menu } from '@mantine/core'
import { ChartLine, ImageDown, Logs, Table2 } from 'lucide-react'
import { MenuBox } from '@/shared/ui/MenuBox'
import type { Unfolded } from '@/shared/ui/Unfold'
import type { ChartMenuProps } from './ChartMenu'

type ItemsProps = Omit<ChartMenuProps, 'title'> & Unfolded

export function ChartMenuItems({ asTable, onTable, onPicture, logarithmic, onLogarithmic, ...unfolded }: ItemsProps) {
  return (
    <MenuBox {...unfolded}>
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
    </MenuBox>
  )
}
