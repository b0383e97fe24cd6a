/** Elements without content or end tag. */
const VOID = new Set(
  'area base basefont br col command embed frame hr img input isindex keygen link meta param source track wbr'.split(
    ' ',
  ),
);
export const isVoidElement = (name: string): boolean => VOID.has(name);

/** Elements whose text is none of what a mail says. */
export const SILENT_ELEMENTS: ReadonlySet<string> = new Set(
  'head script style title template textarea select option noscript iframe noembed noframes object svg math audio video canvas xmp'.split(
    ' ',
  ),
);

/** Elements that stand on lines of their own. */
export const BLOCK_ELEMENTS: ReadonlySet<string> = new Set(
  (
    'address article aside blockquote body caption center dd details dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header ' +
    'html includetail li main nav ol p pre section summary table tbody td tfoot th thead tr ul'
  ).split(' '),
);
