import { didYouMean, TaskError } from "@taskwright/shared";
import { BodyRefused, readBody } from "./read-body.ts";

const BODY_TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 64 * 1024;
const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";

function invalid(option: string, message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message, data: { option } });
}

/** A name that comes several times has an array. */
function fieldsOf(fields: URLSearchParams): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    [...new Set(fields.keys())].map((name) => {
      const values = fields.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}

function queryOf(request: Request): Readonly<Record<string, unknown>> {
  return fieldsOf(new URL(request.url).searchParams);
}

async function bodyOf(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await readBody(request, { maxBytes: MAX_BODY_BYTES, timeoutMs: BODY_TIMEOUT_MS });
  const text = new TextDecoder().decode(bytes).trim();
  if (text === "") return {};
  const [type = ""] = (request.headers.get("content-type") ?? JSON_TYPE).toLowerCase().split(";");
  const isForm = type.trim() === FORM_TYPE;
  if (isForm && !text.startsWith("{")) return fieldsOf(new URLSearchParams(text));
  if (isForm || type.trim() !== JSON_TYPE) {
    // curl calls everything a form that it is not told otherwise of.
    const hint = isForm ? " It looks like JSON: send content-type: application/json." : "";
    throw new BodyRefused(415, `The body must be ${JSON_TYPE}, or form fields as ${FORM_TYPE}.${hint}`);
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Without the cause: the message of a SyntaxError quotes the text.
    throw invalid("body", "The body must be JSON, such as {}.");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw invalid("body", "The body must be a JSON object, such as {}.");
  return body as Record<string, unknown>;
}

/** Parameters of a call: a JSON body, form fields or a query, where numbers and booleans are written as text. */
export class RequestParameters {
  readonly #values: Readonly<Record<string, unknown>>;

  private constructor(values: Readonly<Record<string, unknown>>, known: readonly string[]) {
    this.#values = values;
    for (const name of Object.keys(values)) {
      if (!known.includes(name))
        throw invalid(
          name.slice(0, 60),
          `There is no parameter "${name.slice(0, 60)}".${didYouMean(name, known)} There are: ${known.join(", ")}.`,
        );
    }
  }

  /** Reads the query of a GET request. */
  static ofQuery(request: Request, known: readonly string[]): RequestParameters {
    return new RequestParameters(queryOf(request), known);
  }

  /**
   * Reads the body of a POST request, over its query, as some cron services can set an address only; none is no parameters.
   *
   * Rejects with INVALID_OPTION or BodyRefused.
   */
  static async ofBody(request: Request, known: readonly string[]): Promise<RequestParameters> {
    return new RequestParameters({ ...queryOf(request), ...(await bodyOf(request)) }, known);
  }

  /** A non-empty text; undefined where it is absent or null. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string" && value !== "") return value;
    throw invalid(name, `${name} must be a non-empty string.`);
  }

  /** A number in a range; undefined where it is absent or null. */
  number(
    name: string,
    range: { readonly min: number; readonly max: number; readonly isWhole: boolean },
  ): number | undefined {
    const value = this.#values[name];
    if (value === undefined || value === null) return undefined;
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    const { min, max, isWhole } = range;
    if (
      typeof number === "number" &&
      number >= min &&
      number <= max &&
      (!isWhole || Number.isInteger(number))
    )
      return number;
    throw invalid(name, `${name} must be ${isWhole ? "an integer" : "a number"} from ${min} to ${max}.`);
  }

  /** Whether it is so; undefined where it is absent or null. */
  boolean(name: string): boolean | undefined {
    const value = this.#values[name];
    if (value === undefined || value === null) return undefined;
    if (value === true || value === "true" || value === "1") return true;
    if (value === false || value === "false" || value === "0") return false;
    throw invalid(name, `${name} must be true or false.`);
  }

  /** Names, as an array or with commas between; undefined where it is absent or null. */
  list(name: string): readonly string[] | undefined {
    const value = this.#values[name];
    if (value === undefined || value === null) return undefined;
    const names: unknown[] =
      typeof value === "string" ? value.split(",").map((word) => word.trim()) : [value].flat();
    if (names.length > 0 && names.every((word) => typeof word === "string" && word !== ""))
      return names as string[];
    throw invalid(name, `${name} must be an array of names, or names with commas between.`);
  }
}
