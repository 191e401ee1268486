import { join } from "node:path";
import { expect, test } from "vitest";
import { BadSettingError, readSettings } from "./settings.ts";

test("everything is kept beside the example unless QUICKSTART_DIR says otherwise", () => {
  expect(readSettings({}).outbox).toBe(join(import.meta.dirname, "outbox"));
  expect(readSettings({ QUICKSTART_DIR: "/tmp/q" })).toMatchObject({
    outbox: join("/tmp/q", "outbox"),
    databaseFile: join("/tmp/q", "taskwright.db"),
  });
});

test("each SMTP server has a database of its own, so that a rehearsal does not count as sent", () => {
  const databaseFor = (url: string) => readSettings({ QUICKSTART_DIR: "/tmp/q", SMTP_URL: url }).databaseFile;
  expect(databaseFor("smtp://user:secret@mail.example.com:587")).toBe(
    join("/tmp/q", "taskwright-mail.example.com-587.db"),
  );
  expect(databaseFor("smtps://[::1]:1025")).toBe(join("/tmp/q", "taskwright--1-1025.db"));
});

test.each(["mail.example.com", "http://mail.example.com", "smtp://", "smtp:mail"])(
  "SMTP_URL=%s is refused",
  (url) => {
    expect(() => readSettings({ SMTP_URL: url })).toThrow(BadSettingError);
  },
);

test.each([
  ["Ann <ann@example.com>", { name: "Ann", address: "ann@example.com" }],
  ["ann@example.com", { name: "", address: "ann@example.com" }],
  ['"Ann, Inc." <ann@example.com>', { name: "Ann, Inc.", address: "ann@example.com" }],
  ["", { name: "Taskwright quickstart", address: "quickstart@example.com" }],
])("MAIL_FROM=%s is %o", (text, from) => {
  expect(readSettings({ MAIL_FROM: text }).from).toEqual(from);
});

test.each([
  "not an address",
  "Ann",
  "Ann <ann>",
  "Ann <ann@example.com> and Bob",
  "ann@example.com, bob@example.com",
  "Ann\r\nBcc: all@example.com <ann@example.com>",
  "ann@example.com\nBcc: all@example.com",
])("MAIL_FROM=%j is refused", (text) => {
  expect(() => readSettings({ MAIL_FROM: text })).toThrow(BadSettingError);
});
