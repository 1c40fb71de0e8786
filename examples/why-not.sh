#!/bin/sh
# Why can A not reach B? usage: why-not.sh A B [OPTION…], for example why-not.sh shop/cart svc/shop/catalog:80 --proto tcp
# Only what decides where packets go is read from the cluster, and nothing is sent to it.
set -eu
from=$1 to=$2
shift 2
kubectl get nodes,pods,services,endpointslices,networkpolicies --all-namespaces -o json |
  podwire trace -f - --from "$from" --to "$to" "$@"
