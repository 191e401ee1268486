import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { createTransport } from "nodemailer";
import { expect, test } from "vitest";
import { startSmtpTestServer } from "./smtp-test-server.ts";

test("a client that is gone in the middle of a mail harms no other", async () => {
  await using server = await startSmtpTestServer();
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
  await answers.next();
  socket.write("HELO client\r\n");
  await answers.next();
  socket.write("MAIL FROM:<ann@example.com>\r\n");
  await answers.next();
  socket.resetAndDestroy();
  await once(socket, "close");
  const transport = createTransport({ url: server.url });
  await transport.sendMail({ from: "ann@example.com", to: "bob@example.com", subject: "Hi", text: "Text" });
  transport.close();
  expect(server.received).toHaveLength(1);
});
