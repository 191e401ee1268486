// A real SMTP server for the tests: it keeps what it accepts, and refuses what it is told to.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer } from "smtp-server";

export interface SmtpTestServer {
  readonly url: string;
  readonly received: readonly Email[];
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface SmtpTestServerOptions {
  /** Gives the code to refuse a recipient with: 4xx for now, 5xx for ever. */
  readonly refuse?: (recipient: string) => number | undefined;
  /** Called when a mail has been kept, before the server says so. */
  readonly onKept?: () => void;
}

export async function startSmtpTestServer({
  refuse = () => undefined,
  onKept = () => {},
}: SmtpTestServerOptions = {}): Promise<SmtpTestServer> {
  const received: Email[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    logger: false,
    onRcptTo: ({ address }, _session, callback) => {
      const responseCode = refuse(address);
      if (responseCode === undefined) callback();
      else callback(Object.assign(new Error(`Mailbox ${address} refused`), { responseCode }));
    },
    onData: (stream, _session, callback) => {
      text(stream)
        .then((mail) => PostalMime.parse(mail))
        .then((mail) => {
          received.push(mail);
          onKept();
        })
        .then(() => callback(), callback);
    },
  });
  // Without a listener, a client that is killed in the middle of a mail would end the tests' process.
  server.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "ECONNRESET" && error.code !== "EPIPE") throw error;
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    close,
    [Symbol.asyncDispose]: close,
  };
}
