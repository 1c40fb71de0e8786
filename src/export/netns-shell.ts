/**
 * What comes before `up`: how to use the script, and its helpers. Namespaces carry a mark (an alias on lo), so that `down`
 * removes none that the script did not make.
 */
export const shellHead = (prefix: string, names: readonly string[]): string => `#
# usage: sudo sh FILE up      builds it
#        sudo sh FILE down    removes it again
# Then, for example: sudo ip netns exec ${prefix}-${names.at(-1)} ip route
# PREFIX=other in the environment gives the namespaces another prefix. Needs iproute2, iptables, ethtool and sysctl.
set -eu

PREFIX=\${PREFIX:-${prefix}}
MARK="podwire $PREFIX"
NAMES='
${names.map((name) => `  ${name}`).join('\n')}
'

inside() { name=$1; shift; ip netns exec "$PREFIX-$name" "$@"; }
exists() { [ -e "/run/netns/$PREFIX-$1" ]; }
ours() { exists "$1" && ip -n "$PREFIX-$1" link show dev lo | grep -qF "alias $MARK"; }

down() {
  for each in $NAMES; do
    if ours "$each"; then ip netns delete "$PREFIX-$each"; fi
  done
}

# A namespace with one of our names that we did not make is somebody else's. If anything fails, what was made goes again.
create() {
  for each in $NAMES; do
    if exists "$each"; then
      echo "network namespace $PREFIX-$each exists already: run \\"$0 down\\" first, or choose another PREFIX" >&2
      exit 1
    fi
  done
  trap down EXIT
  trap 'exit 1' HUP INT TERM
  for each in $NAMES; do
    ip netns add "$PREFIX-$each"
    ip -n "$PREFIX-$each" link set dev lo alias "$MARK"
  done
}

sysctls() { name=$1; shift; inside "$name" sysctl -qw "$@"; }

offload_off() {
  name=$1; shift
  inside "$name" sh -euc 'for device; do ethtool -K "$device" tx off gso off gro off >/dev/null; done' - "$@"
}
`

/** What comes after `up`: the command line. */
export const shellTail = `
case \${1:-} in
  up) up; trap - EXIT ;;
  down) down ;;
  *) echo "usage: $0 up|down" >&2; exit 2 ;;
esac
`
