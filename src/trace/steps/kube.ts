/** What the cluster's machinery does. */
export type KubeEvent = { readonly kind: 'note'; readonly text: string }
