// Over HTTP/1.1 a browser has six connections to a server, for all of its tabs. Who follows a task holds one until it has
// ended; without a bound, the sixth mail under way would leave none to send the seventh by.
const PLACES = 3;

let free = PLACES;
const waiting: (() => void)[] = [];

/** Calls `start` as soon as there is a place; it gives the place back by calling what it was given, once. */
export function takePlace(start: (giveBack: () => void) => void): void {
  const begin = () => {
    let isHeld = true;
    start(() => {
      if (!isHeld) return;
      isHeld = false;
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    });
  };
  if (free === 0) waiting.push(begin);
  else {
    free--;
    begin();
  }
}
