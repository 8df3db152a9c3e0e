/** What the page itself remembers: which dialog is open, charts or tables, which signal is looked at. */

import type { BucketName, Greek, Weight } from './options';

class PageState {
  help = $state(false);
  about = $state(false);
  feeds = $state(false);
  /** Symbols to choose from. */
  picker = $state(false);
  /** Charts are shown as tables. */
  tables = $state(false);
  /** Which expiries, weights and Greek the Options page shows. */
  bucket = $state<BucketName>('0dte');
  weight = $state<Weight>('oi');
  greek = $state<Greek>('gamma');
  /** The signal a person picked; nothing follows the newest. */
  picked = $state<string | undefined>();
  /** Set by the halt button, so that the key does what the button does. */
  halt: (() => void) | undefined;
}

export const page = new PageState();
