import { loadYoga, type Yoga } from 'yoga-layout/load'

let yoga: Yoga | undefined

/**
 * Ink's layout engine, compiled when asked and not at the top level of a module: the bundle gives Ink this module for
 * `yoga-layout`. To be awaited before Ink draws.
 */
export async function startYoga(): Promise<void> {
  yoga = await loadYoga()
}

export * from 'yoga-layout/load'
export { yoga as default }
