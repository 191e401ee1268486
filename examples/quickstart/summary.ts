// What a run says at its end.
import type { BadRow, ContactRow } from "./read-contacts.ts";
import type { Sending } from "./send-contacts.ts";
import type { Settings } from "./settings.ts";
import type { Tally } from "./wait-for-mails.ts";

export interface Run {
  readonly sending: Sending;
  readonly settings: Settings;
  readonly distinct: readonly ContactRow[];
  readonly repeats: readonly ContactRow[];
  readonly badRows: readonly BadRow[];
}

export function summaryLines({ sending, settings, distinct, repeats, badRows }: Run): readonly string[] {
  const { tally, seconds } = sending;
  const bad = badRows.length + sending.badRows.length;
  const failed = countFailed(tally);
  const sentByOthers = tally.sentBefore + tally.sentElsewhere;
  const left = distinct.length - sending.badRows.length - tally.sent - sentByOthers - failed;
  const perSecond = Math.round(tally.sent / seconds);
  const pace =
    tally.sent > 0 ? ` in ${seconds.toFixed(1)} s, ${perSecond} ${perSecond === 1 ? "mail" : "mails"}/s` : "";
  const results =
    settings.smtpUrl === undefined
      ? `${settings.outbox} (a file per mail)`
      : `sent to ${settings.smtpUrl.host}`;
  return [
    `Sent           ${tally.sent}${pace}`,
    `Retried        ${tally.retried}`,
    ...(tally.takenOver > 0 ? [`Taken over     ${tally.takenOver}, from a worker that was lost`] : []),
    `Failed         ${failed}${failed > 0 ? ": run the same command again to try them again" : ""}`,
    ...[...tally.failed].map(([reason, lines]) => `  ${reason} (${lineList(lines)})`),
    ...(tally.sentBefore > 0 ? [`Sent before    ${tally.sentBefore}, by an earlier run`] : []),
    ...(tally.sentElsewhere > 0
      ? [`Sent elsewhere ${tally.sentElsewhere}, by another run at the same time`]
      : []),
    ...(repeats.length > 0
      ? [`Repeated rows  ${repeats.length}, not sent again (${lineList(repeats.map((row) => row.line))})`]
      : []),
    ...(bad > 0 ? [`Bad rows       ${bad}, see above`] : []),
    ...(left > 0 ? [`Not sent yet   ${left}: run the same command again`] : []),
    `Mails          ${results}`,
    `Task results   ${settings.databaseFile}${sentByOthers > 0 ? " (without it everything is sent again)" : ""}`,
  ];
}

export function countFailed(tally: Tally): number {
  return [...tally.failed.values()].reduce((sum, lines) => sum + lines.length, 0);
}

function lineList(lines: readonly number[]): string {
  const sorted = lines.toSorted((left, right) => left - right);
  const more = sorted.length > 10 ? ` and ${sorted.length - 10} more` : "";
  return `${lines.length === 1 ? "line" : "lines"} ${sorted.slice(0, 10).join(", ")}${more}`;
}
