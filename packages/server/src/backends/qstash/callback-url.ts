import { TaskError } from "@taskwright/shared";
import { isLoopback } from "./local-qstash.ts";

const PATH = /^\/[\w\-.~/%]*$/;

function invalid(option: string, message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message: `qstashBackend: ${message}`, data: { option } });
}

/** Where deliveries go, of a domain, which may be written with a scheme, and a path. Throws INVALID_OPTION. */
export function callbackUrl(parts: {
  readonly domain: unknown;
  readonly webhookPath: unknown;
  readonly forceHttps: boolean;
  /** Whether the QStash that delivers runs on this machine. */
  readonly isLocal: boolean;
}): URL {
  const { domain, webhookPath, forceHttps, isLocal } = parts;
  if (typeof domain !== "string" || domain === "")
    throw invalid(
      "domain",
      'domain is missing: the public domain of this app, such as "example.com", or TASKWRIGHT_DOMAIN in the environment.',
    );
  if (typeof webhookPath !== "string" || !PATH.test(webhookPath) || webhookPath.includes(".."))
    throw invalid(
      "webhookPath",
      'webhookPath must be a path that begins with "/", such as "/qstash/webhook/".',
    );
  let url: URL;
  try {
    url = new URL(/^https?:\/\//i.test(domain) ? domain : `${isLocal ? "http" : "https"}://${domain}`);
  } catch {
    throw invalid("domain", 'domain must be a host name, such as "example.com".');
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "" || url.username !== "")
    throw invalid("domain", "domain must be a host name without a path; the path is webhookPath.");
  if (isLoopback(url.hostname) && !isLocal)
    throw invalid(
      "domain",
      "domain is on this machine, which QStash cannot reach; use `taskwright qstash-dev` with USE_LOCAL_QSTASH=1, or a tunnel with a public domain.",
    );
  if (forceHttps && !isLoopback(url.hostname)) url.protocol = "https:";
  url.pathname = webhookPath;
  return url;
}
