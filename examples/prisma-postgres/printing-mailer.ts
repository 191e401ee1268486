import type { Mailer } from "./server.ts";

/** A stand-in for a mail server. */
export const printingMailer: Mailer = {
  send: async ({ to, text }) => console.log(`mail to ${to}: ${text}`),
};
