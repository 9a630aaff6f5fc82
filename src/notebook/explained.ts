import type { ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { JSONObject } from '@lumino/coreutils';

import { PROBLEM_TYPE } from './problemtype';

/** Whether the output of a cell says already why this kernel does not work. */
export function isExplained(
  { cells }: Pick<INotebookModel, 'cells'>,
  kernel: string
): boolean {
  return [...cells].some(cell => {
    const outputs =
      cell.type === 'code' ? (cell as ICodeCellModel).outputs : null;
    for (let index = 0; index < (outputs?.length ?? 0); index++) {
      const problem = outputs!.get(index).data[PROBLEM_TYPE];
      if (problem && (problem as JSONObject)['kernel'] === kernel) {
        return true;
      }
    }
    return false;
  });
}
