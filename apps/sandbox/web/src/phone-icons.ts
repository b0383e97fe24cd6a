/** Lines in a field of 24 by 24. Drawn here, since not every system has a font for such signs. */
const PATHS = {
  picture: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01',
  voice: 'M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21',
  video: 'M4 6h11v12H4zM15 10.5l5-3v9l-5-3z',
  place: 'M12 21c4-4.5 6-7.6 6-11a6 6 0 0 0-12 0c0 3.4 2 6.5 6 11zM12 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.700l1-1',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  app: 'M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM14 14h5v5h-5z',
  group:
    'M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6M3.5 19a5.5 5.5 0 0 1 11 0M16 5.200a3 3 0 0 1 0 5.600M17 14.200a5.5 5.5 0 0 1 3.5 4.8',
  comment: 'M4 5h16v11H9l-5 4z',
  at: 'M15.5 12a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0zM15.5 12v1.500a2.3 2.3 0 0 0 4.5 0V12a8 8 0 1 0-3.5 6.6',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  code: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16',
  menu: 'M5 7h14M5 12h14M5 17h14',
  back: 'M9 6l-5 5 5 5M4 11h10a5 5 0 0 1 0 10h-3',
  enter: 'M13 4h6v16h-6M4 12h11M11 8l4 4-4 4',
  leave: 'M11 4H5v16h6M10 12h10M16 8l4 4-4 4',
  firm: 'M5 21V4h9v17M14 9h5v12M3 21h18M8 8h3M8 12h3M8 16h3',
  end: 'M6 21V4M6 5h12l-2.5 4L18 13H6',
} as const;

export type IconName = keyof typeof PATHS;

export const isIcon = (name: string | undefined): name is IconName => name !== undefined && name in PATHS;

/** What it means is said by the words beside it. */
export function iconOf(name: IconName): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
