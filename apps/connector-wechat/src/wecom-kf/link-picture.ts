/** The picture of a link that has none of its own: the platform takes no link without one. Two rings of a chain, 96 by 96. */
export const LINK_PICTURE = {
  name: 'link.png',
  mime: 'image/png',
  bytes: Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAGAAAABgBAMAAAAQtmoLAAAABlBMVEXy8/VKb6V6xeXcAAAAd0lEQVR42u2UMQ7AMAgDww/I/z/boQslbiUvVVrdTRbBoCiBMQAAAL5GzHvcfOl4zJ9pNhAtarSVDdUiSpFTr5HeIJsWoauh6yhJ0Q3yUBSphlXL4M6GFLom/fLS5kvbf8n/rfY82BPnz7S9Nfy9ZG8+AACANzkA+Z4eBUrYVOEAAAAASUVORK5CYII=',
    'base64',
  ),
} as const;
