/** Where in the page a person is: the address bar, the back button and the header agree. */

import { type PageName, type Route, parse, pathOf } from './route';

class Router {
  route = $state.raw<Route>(parse(location.pathname));

  constructor() {
    window.addEventListener('popstate', () => (this.route = parse(location.pathname)));
  }

  /** Goes to a page; the one before is a press of the back button away. */
  go(page: PageName, symbol: string | undefined): void {
    const path = pathOf(page, symbol);
    if (path === location.pathname) return;
    history.pushState(null, '', path);
    this.route = parse(path);
  }

  /** Names the same place better: the back button does not lead to the old name. */
  rename(page: PageName, symbol: string | undefined): void {
    const path = pathOf(page, symbol);
    if (path === location.pathname) return;
    history.replaceState(null, '', path);
    this.route = parse(path);
  }
}

export const router = new Router();
