/** Whether the tour is under way, and whether it is offered: once to each person in a browser. */
import { useState } from "react";
import { person } from "../../api/session";

const STORE = "loupe.tour.";

export interface TourState {
  readonly offered: boolean;
  readonly running: boolean;
  readonly begin: () => void;
  /** Neither offered nor under way any more. */
  readonly end: () => void;
}

export function useTour(): TourState {
  const [offered, setOffered] = useState(() => localStorage.getItem(STORE + person()) === null);
  const [running, setRunning] = useState(false);
  const known = (): void => {
    setOffered(false);
    try {
      localStorage.setItem(STORE + person(), "known");
    } catch {
      // The browser's room is full: it is offered again at the next visit.
    }
  };
  return {
    offered: offered && !running,
    running,
    begin: () => {
      known();
      setRunning(true);
    },
    end: () => {
      known();
      setRunning(false);
    },
  };
}
