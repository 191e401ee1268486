import type { Spread } from "./statistics.ts";

/** Writes a number with about three digits: `0.42`, `7.4`, `350`, `44.2k`, `1.3M`. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 999_500) return `${digits(value / 1e6)}M`;
  if (size >= 1_000) return `${digits(value / 1e3)}k`;
  return digits(value);
}

function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return value.toFixed(0);
  return size >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** Writes a median with the range around it, where there is one. */
export function spreadText({ median, min, max }: Spread): string {
  const range = `${shortNumber(min)}–${shortNumber(max)}`;
  return min === max ? shortNumber(median) : `${shortNumber(median)} (${range})`;
}
