import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../util/bytes.ts'
import { Frame, HEADROOM } from './frame.ts'

test('allocate gives zeros behind an empty window, with headroom before it', () => {
  const frame = Frame.allocate(60)
  expect(frame.length).toBe(0)
  expect(frame.headroom).toBe(HEADROOM)
  const at = frame.put(60)
  expect(at).toBe(frame.start)
  expect(frame.view().every((byte) => byte === 0)).toBe(true)
})

test('push and put within their room do not move the frame, and raise its version', () => {
  const frame = Frame.allocate(2)
  const { bytes } = frame
  frame.put(2)
  frame.push(HEADROOM)
  expect(frame.bytes).toBe(bytes)
  expect(frame.version).toBe(2)
})

test('pull drops from the front, trim from the back, and neither more than there is', () => {
  const frame = Frame.of(fromHex('01020304'))
  frame.pull(1)
  frame.trim(2)
  frame.trim(3)
  expect(toHex(frame.view())).toBe('0203')
  expect(() => frame.pull(3)).toThrow(RangeError)
})

describe('frames share buffers, and never each other bytes', () => {
  const bytes = fc.uint8Array({ maxLength: 700 })
  const edit = fc.record({ push: fc.nat(400), put: fc.nat(400), value: fc.nat(255) })

  test('edits of one leave the others alone, whatever moves', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(bytes, fc.array(edit, { maxLength: 4 })), { maxLength: 6 }), (rows) => {
        const frames = rows.map(([content]) => Frame.of(content))
        const expected = rows.map(([content]) => [...content])
        rows.forEach(([, edits], i) => {
          for (const { push, put, value } of edits) {
            const front = frames[i].push(push)
            frames[i].bytes.fill(value, front, front + push)
            const back = frames[i].put(put)
            frames[i].bytes.fill(value, back, back + put)
            expected[i] = [...Array(push).fill(value), ...expected[i], ...Array(put).fill(value)]
          }
        })
        frames.forEach((frame, i) => {
          expect(toHex(frame.copy())).toBe(toHex(Uint8Array.from(expected[i])))
        })
      }),
    )
  })

  test('a clone is independent, with the same headroom', () => {
    fc.assert(
      fc.property(bytes, fc.nat(HEADROOM), (content, push) => {
        const frame = Frame.of(content)
        frame.push(push)
        const twin = frame.clone()
        expect(twin.version).toBe(0)
        expect(twin.headroom).toBe(frame.headroom)
        expect(toHex(twin.view())).toBe(toHex(frame.view()))
        const at = twin.push(4)
        twin.bytes.fill(0xff, at, twin.end)
        expect(toHex(frame.view())).toBe('00'.repeat(push) + toHex(content))
      }),
    )
  })
})

test('a frame around a given buffer owns all of it', () => {
  const frame = new Frame(fromHex('0102030405'), 2, 4)
  expect(frame.headroom).toBe(2)
  frame.append(fromHex('09'))
  frame.append(fromHex('08')) // beyond the buffer: moves
  frame.prepend(fromHex('0102'))
  expect(toHex(frame.view())).toBe('010203040908')
})
