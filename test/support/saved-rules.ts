/** One line for each match and target, as iptables-save prints them. */
export const SAVED = `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -s 10.0.0.0/8 ! -d 10.1.0.0/16 -i cni0 -j CT --notrack
-A OUTPUT ! -s 10.0.0.1/32 -o cali+ -p udp -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:WEB - [0:0]
-A PREROUTING -d 10.96.0.80/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j WEB
-A PREROUTING -m addrtype --dst-type LOCAL -g WEB
-A PREROUTING -p tcp -m addrtype --src-type LOCAL --limit-iface-in -m tcp --sport 1024:65535 ! --dport 22 -j REDIRECT --to-ports 8080
-A PREROUTING -p tcp -m multiport --dports 80,443,8000:8010 -j DNAT --to-destination 10.0.0.1-10.0.0.3:80-90 --random
-A POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A POSTROUTING -m comment --comment comment -j MASQUERADE --random-fully
-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1024-2048
-A POSTROUTING -j SNAT --to-source 192.0.2.1 --persistent
-A WEB -m statistic --mode random --probability 0.33333333349 -j RETURN
-A WEB -m recent --rcheck --seconds 10800 --reap --name SEP --mask 255.255.255.255 --rsource -j ACCEPT
-A WEB -p udp -m recent --set --name SEP --mask 255.255.255.255 --rsource -m udp -j DNAT --to-destination 10.0.0.1:80
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:UNUSED - [0:0]
-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A INPUT -p icmp -m icmp --icmp-type 3/4 -j ACCEPT
-A INPUT -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j REJECT --reject-with tcp-reset
-A FORWARD -m conntrack --ctdir REPLY -j REJECT --reject-with icmp-port-unreachable
-A FORWARD -m limit --limit 5/min -j LOG --log-prefix "dropped: "
-A FORWARD -m limit --limit 10/sec --limit-burst 20
-A FORWARD -m physdev --physdev-in veth1 -j ACCEPT
-A FORWARD -m physdev --physdev-is-bridged -j REJECT --reject-with icmp-admin-prohibited
COMMIT
`
