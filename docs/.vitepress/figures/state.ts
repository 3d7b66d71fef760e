/** A figure's state in the address, and when it may move. @module */
import { onBeforeUnmount, onMounted, type Ref, reactive, ref, watch } from 'vue'

/** What a figure remembers: numbers and texts by name. */
export type FigureState = Record<string, number | string>

/** The state that an address gives a figure: `#figure-id?key=value`, values of the kind the state has. */
export const stateIn = (hash: string, id: string, state: FigureState): FigureState => {
  const [anchor, query] = hash.replace(/^#/, '').split('?')
  if (anchor !== id || query === undefined) return {}
  return Object.fromEntries(
    [...new URLSearchParams(query)].flatMap(([key, text]): [string, number | string][] => {
      const now = state[key]
      if (now === undefined) return []
      if (typeof now === 'string') return [[key, text]]
      return Number.isFinite(Number(text)) ? [[key, Number(text)]] : []
    }),
  )
}

/** The address of a figure in a state: what differs from the state it starts in. */
export const hashOf = (id: string, state: FigureState, start: FigureState): string => {
  const changed = Object.entries(state).filter(([key, value]) => value !== start[key])
  return `#${id}${changed.length === 0 ? '' : `?${new URLSearchParams(changed.map(([k, v]) => [k, String(v)]))}`}`
}

/** A figure's state, kept in the address: what a reader cites is what they see. Until mounted it is what it starts as. */
export const useFigureState = <S extends FigureState>(id: string, start: S): S => {
  const state = reactive({ ...start }) as S
  onMounted(() => {
    const given = stateIn(location.hash, id, start)
    Object.assign(state, given)
    if (Object.keys(given).length > 0) document.getElementById(id)?.scrollIntoView()
    watch(state, () => history.replaceState(history.state, '', hashOf(id, state, start)))
  })
  return state
}

/** Whether an element is on screen: figures stop where nobody sees them. */
export const useOnScreen = (element: Ref<HTMLElement | undefined>): Ref<boolean> => {
  const seen = ref(false)
  let observer: IntersectionObserver | undefined
  onMounted(() => {
    observer = new IntersectionObserver((entries) => {
      seen.value = entries.some(({ isIntersecting }) => isIntersecting)
    })
    if (element.value) observer.observe(element.value)
  })
  onBeforeUnmount(() => observer?.disconnect())
  return seen
}

/** Calls `tick` every so many milliseconds while `running`, never where motion is to be reduced. */
export const useTicks = (running: Ref<boolean>, milliseconds: number, tick: () => void): void => {
  let timer: ReturnType<typeof setInterval> | undefined
  const stop = (): void => clearInterval(timer)
  onMounted(() =>
    watch(running, (runs) => {
      stop()
      if (runs) timer = setInterval(tick, milliseconds)
    }),
  )
  onBeforeUnmount(stop)
}
