interface SparklineProps {
  readonly values: readonly (number | null)[]
  readonly height?: number
  readonly className?: string | undefined
  /** Percentiles and rates of errors say more between their extremes; counts start at zero. */
  readonly fromZero?: boolean
}

const WIDTH = 100

function paths(values: readonly (number | null)[], height: number, fromZero: boolean): { line: string; area: string } {
  const known = values.filter((value): value is number => value !== null)
  const high = Math.max(...known)
  const low = fromZero ? 0 : Math.min(...known)
  const step = WIDTH / Math.max(1, values.length - 1)
  const y = (value: number): number => height - 1 - ((value - low) / Math.max(high - low, Number.EPSILON)) * (height - 3)
  let line = ''
  let area = ''
  let open = false
  values.forEach((value, index) => {
    const x = (index * step).toFixed(2)
    if (value === null) {
      if (open) area += `L${((index - 1) * step).toFixed(2)},${height}Z`
      open = false
      return
    }
    const point = `${x},${y(value).toFixed(2)}`
    line += `${open ? 'L' : 'M'}${point}`
    area += open ? `L${point}` : `M${x},${height}L${point}`
    open = true
  })
  return { line, area: open ? `${area}L${WIDTH},${height}Z` : area }
}

/** The course of a figure, without axes; decoration beside the figure itself. */
export function Sparkline({ values, height = 28, className, fromZero = true }: SparklineProps) {
  const empty = values.every((value) => value === null || value === 0)
  const { line, area } = empty ? { line: `M0,${height - 1}L${WIDTH},${height - 1}`, area: '' } : paths(values, height, fromZero)
  return (
    <svg className={className} viewBox={`0 0 ${WIDTH} ${height}`} preserveAspectRatio="none" height={height} aria-hidden="true">
      <path d={area} fill="var(--accent)" opacity="0.12" />
      <path
        d={line}
        fill="none"
        stroke={empty ? 'var(--border)' : 'var(--accent)'}
        strokeWidth="1.4"
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  )
}
