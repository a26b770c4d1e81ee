import { useCallback, useEffect, useMemo, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { useZoom } from '@/shared/view/useZoom'
import { crosshair } from './crosshair'
import { bucketAt, type TimeModel } from './model'

/** The part of the canvas inside the axes, in CSS pixels. */
export interface Area {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

export function toPixel(model: TimeModel, area: Area, seconds: number): number {
  return area.left + ((seconds - model.start) / (model.end - model.start)) * (area.right - area.left)
}

function toTime(model: TimeModel, area: Area, pixel: number): number {
  const share = (pixel - area.left) / Math.max(1, area.right - area.left)
  return model.start + Math.min(1, Math.max(0, share)) * (model.end - model.start)
}

/** A drag shorter than this is a click. */
const DRAG_PIXELS = 6

interface Drag {
  readonly from: number
  readonly to: number
}

/** Pointer and keys on a chart: the crosshair, the selection to zoom into, and stepping back. */
export function usePlot(model: TimeModel, owner: string, area: Area | null) {
  const zoom = useZoom()
  const [drag, setDrag] = useState<Drag | null>(null)
  const [inside, setInside] = useState(false)
  useEffect(() => () => crosshair.leave(owner), [owner])

  const pixel = (event: PointerEvent<HTMLElement>): number =>
    event.clientX - event.currentTarget.getBoundingClientRect().left

  const onPointerMove = (event: PointerEvent<HTMLElement>): void => {
    if (area === null) return
    setInside(true)
    const x = pixel(event)
    crosshair.set({ at: toTime(model, area, x), owner })
    if (drag !== null) setDrag({ ...drag, to: Math.min(area.right, Math.max(area.left, x)) })
  }

  const onPointerDown = (event: PointerEvent<HTMLElement>): void => {
    if (area === null || event.button !== 0) return
    const x = pixel(event)
    if (event.pointerType === 'touch') {
      crosshair.set({ at: toTime(model, area, x), owner })
      return
    }
    event.currentTarget.setPointerCapture(event.pointerId)
    setDrag({ from: Math.min(area.right, Math.max(area.left, x)), to: x })
  }

  const onPointerUp = (): void => {
    if (drag !== null && area !== null && Math.abs(drag.to - drag.from) >= DRAG_PIXELS) {
      const [low, high] = drag.from < drag.to ? [drag.from, drag.to] : [drag.to, drag.from]
      zoom.to(toTime(model, area, low), toTime(model, area, high))
    }
    setDrag(null)
  }

  const onPointerLeave = (): void => {
    setInside(false)
    crosshair.leave(owner)
  }

  const onKeyDown = useKeys(model, owner, zoom.to)
  return {
    drag,
    held: inside || drag !== null,
    handlers: {
      onPointerMove,
      onPointerDown,
      onPointerUp,
      onPointerLeave,
      onPointerCancel: () => setDrag(null),
      onDoubleClick: zoom.back,
      onKeyDown,
      onBlur: () => crosshair.leave(owner),
    },
  }
}

const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }

/** Arrows move the crosshair bucket by bucket, Home and End to the ends; Enter zooms into what surrounds it. */
function useKeys(model: TimeModel, owner: string, zoomTo: (from: number, to: number) => void) {
  const move = useCallback(
    (index: number) => {
      const place = Math.min(model.times.length - 1, Math.max(0, index))
      const at = model.times[place]
      if (at !== undefined) crosshair.set({ at: at + model.bucketSeconds / 2, owner })
    },
    [model, owner],
  )
  return useMemo(
    () =>
      (event: KeyboardEvent<HTMLElement>): void => {
        const pointed = crosshair.read()
        const index = pointed === null ? -1 : bucketAt(model, pointed.at)
        const step = STEPS[event.key]
        if (step !== undefined) move(index < 0 ? (step < 0 ? model.times.length - 1 : 0) : index + step)
        else if (event.key === 'Home') move(0)
        else if (event.key === 'End') move(model.times.length - 1)
        else if (event.key === 'Enter' && pointed !== null) {
          const quarter = (model.end - model.start) / 4
          zoomTo(Math.max(model.start, pointed.at - quarter), Math.min(model.end, pointed.at + quarter))
        } else return
        event.preventDefault()
        event.stopPropagation()
      },
    [model, move, zoomTo],
  )
}
