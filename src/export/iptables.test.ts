import { describe, expect, test } from 'vitest'
import { SAVED } from '../../test/support/saved-rules.ts'
import { bridgeMasquerade } from '../kube/node/bridge-masq.ts'
import { flannelMasquerade } from '../kube/node/flannel-masq.ts'
import { combineRules } from '../kube/node/node-rules.ts'
import { parseIptables } from '../linux/netfilter/rules/parse.ts'
import { v4 } from '../util/address.ts'
import { prefix } from '../util/prefix.ts'
import { iptablesSave } from './iptables.ts'

test("flannel's rules and the bridge plugin's", () => {
  const rules = combineRules([
    flannelMasquerade(prefix('10.244.1.0/24'), prefix('10.244.0.0/16')),
    bridgeMasquerade('cbr0', 'abc', v4('10.244.1.2'), prefix('10.244.1.0/24')),
  ])
  expect(iptablesSave(rules, 4)).toMatchInlineSnapshot(`
    "*nat
    :PREROUTING ACCEPT [0:0]
    :INPUT ACCEPT [0:0]
    :OUTPUT ACCEPT [0:0]
    :POSTROUTING ACCEPT [0:0]
    :FLANNEL-POSTRTG - [0:0]
    :CNI-64e75f641d11615844d681b7 - [0:0]
    -A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
    -A POSTROUTING -s 10.244.1.2/32 -m comment --comment "name: \\"cbr0\\" id: \\"abc\\"" -j CNI-64e75f641d11615844d681b7
    -A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -m comment --comment "flanneld masq" -j RETURN
    -A FLANNEL-POSTRTG -s 10.244.1.0/24 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j RETURN
    -A FLANNEL-POSTRTG -s 10.244.0.0/16 -d 10.244.1.0/24 -m comment --comment "flanneld masq" -j RETURN
    -A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.1.0/24 -m comment --comment "flanneld masq" -j RETURN
    -A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
    -A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
    -A CNI-64e75f641d11615844d681b7 -d 10.244.1.0/24 -m comment --comment "name: \\"cbr0\\" id: \\"abc\\"" -j ACCEPT
    -A CNI-64e75f641d11615844d681b7 ! -d 224.0.0.0/4 -m comment --comment "name: \\"cbr0\\" id: \\"abc\\"" -j MASQUERADE
    COMMIT
    *filter
    :INPUT ACCEPT [0:0]
    :FORWARD ACCEPT [0:0]
    :OUTPUT ACCEPT [0:0]
    :FLANNEL-FWD - [0:0]
    -A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
    -A FLANNEL-FWD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
    -A FLANNEL-FWD -d 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
    COMMIT
    "
  `)
})

describe('iptables-save', () => {
  test('read and printed again is the same', () => {
    expect(iptablesSave(parseIptables(SAVED), 4)).toBe(SAVED)
  })

  test.each([
    ['*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j NOWHERE\nCOMMIT', 'f:3:1: no target or chain NOWHERE in table filter'],
    ['*filter\n:INPUT ACCEPT [0:0]\n-A INPUT --frobnicate 3\nCOMMIT', 'f:3:1: unknown option --frobnicate'],
    ['*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s\nCOMMIT', 'f:3:1: the line ends after -s, expected a value'],
    [
      '*filter\n:INPUT ACCEPT [0:0]\n:A - [0:0]\n-A INPUT -j A\n-A A -j A\nCOMMIT',
      'f:5:1: chains jump in a circle through A',
    ],
    ['-A INPUT -j ACCEPT', 'f:1:1: a line outside of any table: -A INPUT -j ACCEPT, expected *TABLE'],
  ])('says what it cannot read: %j', (text, message) => {
    expect(() => parseIptables(text, 'f')).toThrow(message)
  })
})
