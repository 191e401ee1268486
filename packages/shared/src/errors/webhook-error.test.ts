import { expect, test } from "vitest";
import { isTaskError, TaskError } from "./task-error.ts";
import { SignatureError, WebhookError } from "./webhook-error.ts";

test("what is no message is a TaskError that trying again does not mend", () => {
  const error = new WebhookError({ message: "It is no message." });
  expect(error).toBeInstanceOf(TaskError);
  expect(error).toMatchObject({
    name: "WebhookError",
    code: "WEBHOOK_ERROR",
    httpStatus: 400,
    retryable: false,
  });
  expect(isTaskError(error, "WEBHOOK_ERROR")).toBe(true);
});

test("a wrong signature is a WebhookError that says which check it failed", () => {
  const error = new SignatureError({
    message: "It is signed for another URL.",
    data: { reason: "url-mismatch", expected: "https://a", got: "http://a" },
  });
  expect(error).toBeInstanceOf(WebhookError);
  expect(error).toMatchObject({
    name: "SignatureError",
    code: "SIGNATURE_ERROR",
    httpStatus: 401,
    retryable: false,
  });
  expect(isTaskError(error, "WEBHOOK_ERROR")).toBe(false);
  expect(error.toJSON()).toMatchObject({
    code: "SIGNATURE_ERROR",
    data: { reason: "url-mismatch", expected: "https://a", got: "http://a" },
  });
});
