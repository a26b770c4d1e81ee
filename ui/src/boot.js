// Runs before the first paint: the page starts in the colours the reader chose, without a flash of the other ones.
;(function () {
  var chosen = null
  try {
    chosen = localStorage.getItem('mockforge-analytics.scheme')
  } catch (error) {
    // Storage may be closed to this page; the system's scheme is then right.
  }
  var dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  // Safari 14, Firefox 88 and Chrome 90 lack it, and a library calls it.
  if (!Object.hasOwn) {
    Object.hasOwn = function (object, key) {
      return Object.prototype.hasOwnProperty.call(object, key)
    }
  }
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')
})()
