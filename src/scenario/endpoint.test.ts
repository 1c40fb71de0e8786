import { expect, it } from 'vitest'
import { InputError } from '../util/diagnostics.ts'
import { formatEndpointRef, parseEndpoint } from './endpoint.ts'

it.each([
  ['client', 'default/client'],
  ['shop/web-1', 'shop/web-1'],
  ['pod/shop/web-1', 'shop/web-1'],
  ['pod/web-1:8080', 'default/web-1:8080'],
  ['constructor/web', 'constructor/web'],
  ['svc/web', 'svc/default/web'],
  ['svc/web:80', 'svc/default/web:80'],
  ['svc/shop/web:https', 'svc/shop/web:https'],
  ['deploy/web', 'deploy/default/web'],
  ['node/node-1', 'node/node-1'],
  ['node/gke-1.internal:30080', 'node/gke-1.internal:30080'],
  ['external', 'external'],
  ['ip/10.96.0.80', 'ip/10.96.0.80'],
  ['ip/10.96.0.80:443', 'ip/10.96.0.80:443'],
  ['10.96.0.80:443', 'ip/10.96.0.80:443'],
  ['fd00::1', 'ip/[fd00::1]'],
  ['pod/default/10.0.0.1', 'default/10.0.0.1'],
  ['ip/fd00::1', 'ip/[fd00::1]'],
  ['ip/[fd00::1]:443', 'ip/[fd00::1]:443'],
])('%s is %s', (text, full) => {
  const ref = parseEndpoint(text)
  expect(formatEndpointRef(ref)).toBe(full)
  expect(parseEndpoint(full, 'elsewhere')).toEqual(ref)
})

it('takes the namespace of -n where none is named', () => {
  expect(parseEndpoint('client', 'shop')).toMatchObject({ kind: 'pod', namespace: 'shop' })
  expect(parseEndpoint('svc/web', 'shop')).toMatchObject({ kind: 'service', namespace: 'shop' })
})

it.each(['', '/', 'a/', 'a/b/c', 'pod/a/b/c', 'node/a/b', 'ip/10.0.0', 'ip/10.0.0.1:99999', 'client:http', 'svc/:80'])(
  'refuses %j',
  (text) => {
    expect(() => parseEndpoint(text)).toThrow(InputError)
    expect(() => parseEndpoint(text)).toThrow(/names no endpoint.*, expected client, NS\/NAME/)
  },
)

it('does not guess what was said', () => {
  expect(() => parseEndpoint('pod/default/')).toThrow(/^(?!.*did you mean)/)
})

it('guesses what was meant', () => {
  expect(() => parseEndpoint('scv/shop/web')).toThrow('did you mean svc/?')
})
