/**
 * Let the page show a kernel's logos as they are now.
 *
 * Jupyter serves logos without a word on how long they stay the same, so browsers take those that have been the same
 * for long from their cache, and launcher and kernel pickers would show the old one. Whatever shows it now gets it
 * under another address; whoever asks for the address later gets it from the cache, which has the new one.
 *
 * @param urls - the addresses of the logos
 * @param version - told apart from all earlier ones
 */
export async function renewLogos(
  urls: readonly string[],
  version: number
): Promise<void> {
  await Promise.all(
    urls.map(url =>
      fetch(url, { cache: 'reload', credentials: 'same-origin' }).then(
        response => response.blob(),
        reason => console.warn(reason)
      )
    )
  );
  for (const image of document.querySelectorAll('img')) {
    const url = image.getAttribute('src') ?? '';
    if (urls.includes(url)) {
      image.src = `${url}?changed=${version}`;
    }
  }
}
