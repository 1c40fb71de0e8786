import { Chalk, type ColorSupportLevel } from 'chalk'
import { ASCII, type Glyphs, UNICODE } from './glyphs.ts'

/** What a piece of text means; the theme says how that looks. */
export type Tone =
  | 'plain'
  | 'dim'
  | 'strong'
  | 'now'
  | 'nat'
  | 'tunnel'
  | 'bad'
  | 'good'
  | 'changed'
  | 'selected'
  | 'key'

export interface Theme {
  readonly glyphs: Glyphs
  readonly style: (tone: Tone, text: string) => string
}

export interface ThemeOptions {
  readonly ascii: boolean
  /** 0 draws without any colour or emphasis. */
  readonly colorLevel: ColorSupportLevel
}

/** The sixteen palette colours only, so that the user's own light or dark palette decides. */
export function themeOf({ ascii, colorLevel }: ThemeOptions): Theme {
  const c = new Chalk({ level: colorLevel })
  const styles: Record<Tone, (text: string) => string> = {
    plain: (text) => text,
    dim: c.dim,
    strong: c.bold,
    now: c.bold.inverse,
    nat: c.yellow,
    tunnel: c.magenta,
    bad: c.red.bold,
    good: c.green,
    changed: c.yellow,
    selected: c.inverse,
    key: c.cyan,
  }
  return { glyphs: ascii ? ASCII : UNICODE, style: (tone, text) => (text === '' ? '' : styles[tone](text)) }
}

/**
 * NO_COLOR (https://no-color.org) and --no-color win; then FORCE_COLOR; then what the terminal says of itself. chalk ignores
 * NO_COLOR on a terminal, so the level is always set by us.
 */
export function colorLevelOf(env: Readonly<Record<string, string | undefined>>, wanted: boolean): ColorSupportLevel {
  if (!wanted || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb') return 0
  return 1
}
