/** The two keys that sign deliveries; receivers accept both, so that one can be replaced at a time. */
export interface SigningKeys {
  readonly current: string;
  readonly next: string;
}

/**
 * The token and keys that QStash's SDK has built in for local servers (`QSTASH_DEV=1`). They are published and protect
 * nothing.
 */
export const DEV_TOKEN: string = "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0=";

/** See {@link DEV_TOKEN}. */
export const DEV_KEYS: SigningKeys = {
  current: "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
  next: "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
};
