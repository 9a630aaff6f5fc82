/** Ends the report with one line that a script can read: `9 passed, 0 failed`. */
class Counts {
  onBegin(_config, suite) {
    this.suite = suite;
  }

  onEnd() {
    const outcomes = this.suite.allTests().map(test => test.outcome());
    const count = (...names) =>
      outcomes.filter(outcome => names.includes(outcome)).length;
    const failed = this.suite
      .allTests()
      .filter(test => test.outcome() === 'unexpected' && test.results.length);
    // A skipped story has an outcome of its own; one that never ran has no result.
    process.stdout.write(
      `\n${count('expected', 'flaky')} passed, ${failed.length} failed\n`
    );
  }

  printsToStdio() {
    return true;
  }
}

module.exports = Counts;
