import { badRequest } from "./api-error.ts";

/** Names of queues, url groups and schedules, which stand in paths as they are. */
const NAME = /^[A-Za-z0-9_.-]{1,256}$/;

/** Throws unless a text may be a name in a path. */
export function checkName(name: string, what: string): string {
  if (NAME.test(name)) return name;
  throw badRequest(`The ${what} must be 1 to 256 letters, digits, hyphens, underscores or periods.`);
}

/** Where a message goes: to one URL as it was written, or to all of a url group. */
export type Destination =
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "group"; readonly name: string };

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Reads a destination as it stands behind the path, `https://example.com/hook?a=b`; throws ApiError. */
export function readDestination(raw: string): Destination {
  const text = /^https?%3A/i.test(raw) ? decoded(raw) : raw;
  if (/^https?:\/\//i.test(text)) {
    if (!URL.canParse(text)) throw badRequest("The destination is not a valid URL.");
    return { kind: "url", url: text };
  }
  if (/^https?:\/[^/]/i.test(text)) {
    throw badRequest(
      "The destination has one slash after its scheme: something between here and the sender merges slashes.",
    );
  }
  if (/^api\//.test(text)) throw badRequest("This local server does not forward to the APIs of providers.");
  if (NAME.test(text)) return { kind: "group", name: text };
  throw badRequest(
    "The destination must be a URL that begins with http:// or https://, or the name of a url group.",
  );
}
