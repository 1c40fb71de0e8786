import { describe, expect, it } from 'vitest'
import { nextTime, parseCron } from './cron-schedule.ts'
import { formatInZone, timeZone } from './time-zone.ts'

const next = (after: string, line: string, zone = ''): string | null => {
  const at = nextTime(parseCron(line)!, Date.parse(after), timeZone(zone)!)
  return at === null ? null : formatInZone(at, timeZone(zone)!)
}

// Kubernetes documentation, "CronJob": Schedule syntax; robfig/cron v3, spec_test.go.
describe('a schedule', () => {
  it.each([
    ['2012-07-09T14:45:00Z', '0/15 * * * *', '2012-07-09T15:00:00Z'],
    ['2012-07-09T14:59:59Z', '0/15 * * * *', '2012-07-09T15:00:00Z'],
    ['2012-07-09T15:45:00Z', '20-35/15 * * * *', '2012-07-09T16:20:00Z'],
    ['2012-07-09T23:46:00Z', '*/15 * * * *', '2012-07-10T00:00:00Z'],
    ['2012-07-09T23:35:51Z', '20-35/15 1/2 */2 * *', '2012-07-11T01:20:00Z'],
    ['2012-07-09T23:35:51Z', '20-35/15 * 9-20 Jul *', '2012-07-10T00:20:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 9 Apr-Oct ?', '2012-08-09T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 */5 Apr,Aug,Oct Mon', '2012-08-01T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 */5 Oct Mon', '2012-10-01T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 * Feb Mon', '2013-02-04T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 * Feb Mon/2', '2013-02-01T00:00:00Z'],
    ['2012-12-31T23:59:45Z', '* * * * *', '2013-01-01T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 29 Feb ?', '2016-02-29T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 30 Feb ?', null],
    ['2026-01-01T00:00:00Z', '0 3 * * mon-fri', '2026-01-01T03:00:00Z'],
    ['2026-01-02T03:00:00Z', '0 3 * * MON-FRI', '2026-01-05T03:00:00Z'],
    ['2026-01-01T00:00:00Z', '@hourly', '2026-01-01T01:00:00Z'],
    ['2026-01-01T00:00:00Z', '@weekly', '2026-01-04T00:00:00Z'],
    ['2026-01-01T00:00:00Z', '@monthly', '2026-02-01T00:00:00Z'],
  ])('after %s, %s is due at %s', (after, line, at) => expect(next(after, line)).toBe(at))

  // Either day will do when both are restricted, and a star with a step is a restriction.
  it.each([
    ['* * 1,15 * Sun', '2012-07-15T00:00:00Z'],
    ['* * 1,15 * Sun', '2012-06-15T00:00:00Z'],
    ['* * 1,15 * Sun', '2012-08-01T00:00:00Z'],
    ['* * */10 * Sun', '2012-07-15T00:00:00Z'],
    ['* * * * Mon', '2012-07-16T00:00:00Z'],
  ])('%s is due at %s', (line, at) => expect(next(new Date(Date.parse(at) - 1).toISOString(), line)).toBe(at))

  it.each([
    ['0 2 4 * *', 'America/New_York', '2012-11-04T00:00:00-04:00', '2012-11-04T02:00:00-05:00'],
    // An hour that is leapt over is not run in.
    ['30 2 11 Mar ?', 'America/New_York', '2012-03-11T00:00:00-05:00', '2013-03-11T02:30:00-04:00'],
    ['0 * * * ?', 'America/New_York', '2012-03-11T01:00:00-05:00', '2012-03-11T03:00:00-04:00'],
    // One that comes twice is run in twice.
    ['30 1 04 Nov ?', 'America/New_York', '2012-11-04T01:45:00-04:00', '2012-11-04T01:30:00-05:00'],
    ['0 * * * ?', 'America/New_York', '2012-11-04T01:00:00-04:00', '2012-11-04T01:00:00-05:00'],
    ['0 0 * * *', 'Asia/Kolkata', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00+05:30'],
    ['0 9 * * mon', 'Europe/Berlin', '2026-03-27T00:00:00Z', '2026-03-30T09:00:00+02:00'],
    // Midnight itself is leapt over there.
    ['0 0 * * *', 'America/Sao_Paulo', '2018-11-03T12:00:00-03:00', '2018-11-05T00:00:00-02:00'],
  ])('%s in %s after %s is due at %s', (line, zone, after, at) => expect(next(after, line, zone)).toBe(at))

  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 7',
    '5-1 * * * *',
    '*/0 * * * *',
    'a * * * *',
    '@never',
  ])('%j is none', (line) => expect(parseCron(line)).toBeNull())

  it.each(['Mars/Olympus', '+01:00', 'Local/../etc'])('%j is no time zone', (name) => expect(timeZone(name)).toBeNull())
})
