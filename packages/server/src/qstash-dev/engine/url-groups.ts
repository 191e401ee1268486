import { badRequest, notFound } from "./api-error.ts";
import { Collection } from "./collection.ts";
import { checkName } from "./destination.ts";
import type { StateStore } from "./state-store.ts";

/** One receiver of a url group. */
export interface GroupEndpoint {
  readonly name?: string;
  readonly url: string;
}

interface UrlGroupRecord {
  readonly name: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endpoints: readonly GroupEndpoint[];
}

const MOST_ENDPOINTS = 100;
const MOST_GROUPS = 1_000;

/** Names for many receivers. */
export class UrlGroups {
  readonly #records: Collection<UrlGroupRecord>;

  constructor(store: StateStore) {
    this.#records = new Collection("urlGroup", store);
  }

  /** Adds endpoints, or renames those of the same URL; makes the group. */
  add(name: string, added: readonly GroupEndpoint[], now: number): void {
    const before = this.#records.get(checkName(name, "name of a url group"));
    if (before === undefined && this.#records.size >= MOST_GROUPS) {
      throw badRequest(`There are ${MOST_GROUPS} url groups, and this server allows no more.`);
    }
    for (const { url } of added) {
      if (!URL.canParse(url) || !/^https?:/i.test(url)) {
        throw badRequest("The url of an endpoint must begin with http:// or https://.");
      }
    }
    const isReplaced = (old: GroupEndpoint) =>
      added.some((fresh) => fresh.url === old.url || (fresh.name !== undefined && fresh.name === old.name));
    const endpoints = [...(before?.endpoints ?? []).filter((old) => !isReplaced(old)), ...added];
    if (endpoints.length > MOST_ENDPOINTS) {
      throw badRequest(`A url group has at most ${MOST_ENDPOINTS} endpoints.`);
    }
    this.#records.set(name, { name, createdAt: before?.createdAt ?? now, updatedAt: now, endpoints });
  }

  /** Removes endpoints by name or URL. */
  remove(name: string, gone: readonly Partial<GroupEndpoint>[], now: number): void {
    const record = this.get(name);
    const isGone = (endpoint: GroupEndpoint) =>
      gone.some(
        (one) =>
          (one.url !== undefined && one.url === endpoint.url) ||
          (one.name !== undefined && one.name === endpoint.name),
      );
    const endpoints = record.endpoints.filter((endpoint) => !isGone(endpoint));
    this.#records.set(name, { ...record, updatedAt: now, endpoints });
  }

  get(name: string): UrlGroupRecord {
    const record = this.#records.get(name);
    if (record === undefined) throw notFound("There is no url group of this name.");
    return record;
  }

  list(): readonly UrlGroupRecord[] {
    return this.#records.values();
  }

  delete(name: string): void {
    this.get(name);
    this.#records.delete(name);
  }
}
