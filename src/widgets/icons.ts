import { LabIcon } from '@jupyterlab/ui-components';

import environmentSvg from '../../style/icons/environment.svg';

/** The icon of environments: a box of packages. */
export const environmentIcon = new LabIcon({
  name: 'jupyter-envmanager:environment',
  svgstr: environmentSvg
});
