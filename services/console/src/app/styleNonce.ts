/**
 * The page's policy allows no inline style but those with the nonce it was served with. Ant Design and its
 * parts write style elements while the page runs, several of them without a way to hand a nonce in: every
 * style element gets it when it is made. Scripts are never inline, so that only our own code comes here.
 */
export function nonceStyles(): void {
  const nonce = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";
  // Not the function is deprecated, only its overloads for elements that HTML has dropped; `page` is its `this`.
  // eslint-disable-next-line @typescript-eslint/no-deprecated, @typescript-eslint/unbound-method
  document.createElement = new Proxy(document.createElement, {
    apply: (make, page, names: [string]) => {
      const element: unknown = Reflect.apply(make, page, names);
      if (element instanceof HTMLStyleElement) element.nonce = nonce;
      return element;
    },
  });
}
