import { fileURLToPath } from "node:url";

/** The folder of this package's program, and of what runs it. */
const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

function placeOf(frame: string): string {
  const place =
    /\(?((?:file:\/\/)?[^()]*:\d+:\d+)\)?$/.exec(frame.trim().replace(/^at (async )?/, ""))?.[1] ?? "";
  return place.startsWith("file://") ? place.slice("file://".length) : place;
}

/** Where the user's own code threw, and where the config led there: two lines at the most. */
function ownPlaces(stack: string, config: string): readonly string[] {
  const places = stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .map(placeOf)
    .filter((place) => place !== "" && !/node:internal|[\\/]node_modules[\\/]/.test(place))
    .filter((place) => !place.startsWith(PACKAGE));
  const inConfig = places.find((place) => place.startsWith(`${config}:`));
  return [...new Set([places[0], inConfig])].filter((place) => place !== undefined);
}

function said({ name, message }: Error): string {
  // Where the import stands is said by its place.
  const words = message.replace(/\nRequire stack:\n(- .*\n?)*$/, "");
  return name === "Error" && /^\w*Error: /.test(words) ? words : `${name}: ${words}`;
}

/** What a config threw, for its user: the words and the places in their own code, without the stack. */
export function configFailure(thrown: unknown, config: string): string {
  if (!(thrown instanceof Error))
    return `It threw something that is no error: ${typeof thrown === "string" ? thrown : typeof thrown}`;
  const places = ownPlaces(thrown.stack ?? "", config).map((place) => `\n    at ${place}`);
  const { cause } = thrown;
  const because = cause === undefined ? "" : `\n[cause] ${configFailure(cause, config)}`;
  return `${said(thrown)}${places.join("")}${because}`;
}
