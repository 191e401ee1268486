import { randomBytes } from "node:crypto";
import type { Lease } from "../../backend/index.ts";

/** A number that no other claim has: 48 random bits. */
export function newLeaseNumber(): number {
  return randomBytes(6).readUIntBE(0, 6);
}

/** The token of a row under a lease: it names the row, so that no operation has to look the id up. */
export function tokenOf(leaseNumber: number, seq: number, id: string): string {
  return `${leaseNumber}.${seq}.${id}`;
}

/** What finds the row that a lease holds. */
export interface HeldRow {
  readonly seq: number;
  readonly leaseNumber: number;
}

const NO_ROW: HeldRow = { seq: -1, leaseNumber: -1 };

/** Takes a token apart; one that is none of ours, or of another task result, finds no row. */
export function heldRow({ id, token }: Lease): HeldRow {
  const first = token.indexOf(".");
  const second = token.indexOf(".", first + 1);
  if (second < 0 || token.length !== second + 1 + id.length || !token.endsWith(id)) return NO_ROW;
  const leaseNumber = Number(token.slice(0, first));
  const seq = Number(token.slice(first + 1, second));
  return Number.isSafeInteger(leaseNumber) && Number.isSafeInteger(seq) ? { seq, leaseNumber } : NO_ROW;
}
