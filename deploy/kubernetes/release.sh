#!/bin/sh
# A release of an overlay, in the order that keeps events readable: first who hears, then who publishes. Safe to repeat.
#   deploy/kubernetes/release.sh deploy/kubernetes/overlays/production [namespace]
set -eu
overlay=$1
namespace=${2:-otklik}

part() { # what has these labels, and nothing else
    kubectl apply --kustomize "$overlay" --selector "$1"
}

part app.kubernetes.io/component=ground
kubectl --namespace "$namespace" delete job prepare --ignore-not-found
part app.kubernetes.io/name=prepare
kubectl --namespace "$namespace" wait --for=condition=complete --timeout=30m job/prepare
for name in history notifier intake site; do
    part "app.kubernetes.io/name=$name"
    kubectl --namespace "$namespace" rollout status --timeout=10m "deployment/$name"
done
kubectl apply --kustomize "$overlay" --selector 'app.kubernetes.io/component!=ground,app.kubernetes.io/name!=prepare' # what is left
