/** What the page itself remembers: which dialog is open, charts or tables, which signal is looked at. */

class PageState {
  help = $state(false);
  about = $state(false);
  feeds = $state(false);
  /** Symbols to choose from. */
  picker = $state(false);
  /** Charts are shown as tables. */
  tables = $state(false);
  /** The signal a person picked; nothing follows the newest. */
  picked = $state<string | undefined>();
  /** Set by the halt button, so that the key does what the button does. */
  halt: (() => void) | undefined;
}

export const page = new PageState();
