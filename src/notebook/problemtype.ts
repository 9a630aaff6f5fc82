/** What a kernel that cannot start says of itself: `{code, message, hint, prefix, kernel, remedy}`, all texts. */
export const PROBLEM_TYPE = 'application/vnd.jupyter-envmanager.problem+json';
