/** Dark or light: the system's choice until a person makes one. */

export type Theme = 'dark' | 'light';
const KEY = 'alphatrader.theme';
const system = window.matchMedia('(prefers-color-scheme: light)');

function stored(): Theme | undefined {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'dark' || value === 'light' ? value : undefined;
  } catch {
    return undefined; // storage is refused: follow the system
  }
}

class ThemeChoice {
  #chosen = $state<Theme | undefined>(stored());
  #system = $state<Theme>(system.matches ? 'light' : 'dark');
  current: Theme = $derived(this.#chosen ?? this.#system);

  constructor() {
    system.addEventListener('change', (event) => (this.#system = event.matches ? 'light' : 'dark'));
  }

  toggle(): void {
    this.#chosen = this.current === 'dark' ? 'light' : 'dark';
    try {
      localStorage.setItem(KEY, this.#chosen);
    } catch {
      // It then lasts as long as the page.
    }
  }
}

export const theme = new ThemeChoice();

/** Colours by the names of their tokens. */
export type Tokens = Record<'bg' | 'surface' | 'raised' | 'line' | 'text' | 'muted' | 'accent' | 'up' | 'down' | 'warn' | 'model', string>;

/** Colours of the tokens as they are now, for canvases. */
export function tokens(): Tokens {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    bg: read('bg'),
    surface: read('surface'),
    raised: read('raised'),
    line: read('line'),
    text: read('text'),
    muted: read('muted'),
    accent: read('accent'),
    up: read('up'),
    down: read('down'),
    warn: read('warn'),
    model: read('model'),
  };
}
