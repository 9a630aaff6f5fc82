import React from 'react';

import { specName } from '../specs';
import { classes, LinkButton } from '../widgets/components';
import { FormField } from '../widgets/formfield';
import { ArchiveField, CloneField } from './copyfields';
import { lacksKernel } from './creationstate';
import { FileField } from './filefield';
import { type ICreateFormProps, invalid } from './formprops';
import { isSolved } from './formsource';
import { defaultDisplayName } from './formvalues';
import { GpuField } from './gpufield';
import { PlaceField, placeOf } from './placefield';
import { PypiField } from './pypifield';
import { SpecInput } from './specinput';
import { StartField, TemplateField } from './templatefield';
import { same } from './templates';

/** The form of a new environment. */
export function CreateForm(props: ICreateFormProps): JSX.Element {
  const { values } = props.creation;
  return (
    <div className="jp-EnvManager-form">
      <PlaceField {...props} />
      <StartField {...props} />
      <SourceFields {...props} />
      <KernelField {...props} />
      {isSolved(values) && <ChannelsField {...props} />}
    </div>
  );
}

/** What the environment starts from, by the kind of it. */
function SourceFields(props: ICreateFormProps): JSX.Element {
  switch (props.creation.values.start) {
    case 'file':
      return (
        <>
          <FileField {...props} />
          <GpuField {...props} />
        </>
      );
    case 'clone':
      return <CloneField {...props} />;
    case 'archive':
      return <ArchiveField {...props} />;
    case 'template':
      return (
        <>
          {/* The templates are those for the GPU: it is chosen first. */}
          <GpuField {...props} />
          <TemplateField {...props} />
          <PackagesFields {...props} />
        </>
      );
    default:
      return (
        <>
          <PackagesFields {...props} />
          <GpuField {...props} />
        </>
      );
  }
}

function PackagesFields(props: ICreateFormProps): JSX.Element {
  const { creation } = props;
  const [asked, setAsked] = React.useState(false);
  const needed =
    creation.values.pypi.length > 0 || creation.problemOf('pypi') !== null;
  const [shown, setShown] = React.useState(needed);
  React.useEffect(() => {
    // It stays where it is when its last package is taken out.
    setShown(shown || asked || needed);
  }, [asked, needed]);
  const pypi = shown || asked || needed;
  return (
    <>
      <PythonField {...props} />
      <PackagesField
        {...props}
        onPypi={pypi ? undefined : () => setAsked(true)}
      />
      {pypi && <PypiField {...props} focus={asked} />}
    </>
  );
}

function PythonField(props: ICreateFormProps): JSX.Element {
  const { creation, pythons, pythonProblem, onPythons, trans } = props;
  const select = React.useRef<HTMLSelectElement>(null);
  const { python, specs } = creation.values;
  const asked = specs.find(spec => specName(spec) === 'python');
  const choices =
    pythons.includes(python) || !/^\d/.test(python)
      ? pythons
      : [python, ...pythons];
  const change = (value: string) =>
    creation.edit({
      python: value,
      // Without Python there is nothing to run a kernel by default; whoever brings another one can tick it again.
      kernel:
        value === 'none' ? false : creation.values.kernel || python === 'none'
    });
  return (
    <FormField id="jp-EnvManager-python" label={trans.__('Python')}>
      <select
        id="jp-EnvManager-python"
        ref={select}
        className="jp-EnvManager-select"
        value={python}
        disabled={asked !== undefined}
        onChange={event => change(event.target.value)}
      >
        <option value="latest">{trans.__('Latest that fits')}</option>
        {choices.map(series => (
          <option key={series} value={series}>
            {series}
          </option>
        ))}
        <option value="none">{trans.__('No Python')}</option>
      </select>
      {asked !== undefined && (
        <div className="jp-EnvManager-hint">
          {trans.__('set by “%1” under Packages', asked)}
        </div>
      )}
      {pythonProblem && !pythons.length && (
        <div className="jp-EnvManager-hint">
          <span>
            {trans.__(
              'The versions could not be read: %1',
              pythonProblem.message
            )}
          </span>
          <LinkButton
            onClick={() => {
              // The button goes away when it has helped.
              select.current?.focus();
              onPythons();
            }}
          >
            {trans.__('Try again')}
          </LinkButton>
        </div>
      )}
    </FormField>
  );
}

function PackagesField({
  creation,
  search,
  onPypi,
  trans
}: ICreateFormProps & { onPypi?: () => void }): JSX.Element {
  return (
    <FormField
      id="jp-EnvManager-specs"
      label={trans.__('Packages')}
      problems={[creation.problemOf('specs')]}
    >
      <SpecInput
        id="jp-EnvManager-specs"
        specs={creation.values.specs}
        invalid={invalid(creation, 'specs')}
        faulty={creation.faultySpec}
        placeholder={trans.__('numpy, pandas>=2, …')}
        onChange={specs => creation.setSpecs(specs)}
        onPypi={name => creation.addPypi(name)}
        search={search}
        trans={trans}
      />
      <div className="jp-EnvManager-hint" id="jp-EnvManager-specs-hint">
        <span>
          {trans.__(
            'Enter adds a package; versions as in “numpy<2” or “python=3.11”'
          )}
        </span>
        {onPypi && (
          <LinkButton onClick={onPypi}>
            {trans.__('add packages from PyPI')}
          </LinkButton>
        )}
      </div>
    </FormField>
  );
}

function KernelField({
  creation,
  status,
  trans
}: ICreateFormProps): JSX.Element {
  const { kernel, displayName } = creation.values;
  const group = placeOf(creation.values, status)?.group ?? null;
  const shown = kernel && !lacksKernel(creation);
  return (
    <FormField
      id="jp-EnvManager-display-name"
      label={trans.__('Kernel')}
      problems={[creation.problemOf('kernel')]}
    >
      <label className="jp-EnvManager-check">
        <input
          type="checkbox"
          checked={shown}
          disabled={lacksKernel(creation)}
          onChange={event => creation.edit({ kernel: event.target.checked })}
        />
        {trans.__('Register a kernel')}
      </label>
      {lacksKernel(creation) && (
        <div className="jp-EnvManager-hint">
          {trans.__('it has no kernel package: see below')}
        </div>
      )}
      {shown && (
        <>
          <input
            id="jp-EnvManager-display-name"
            className={classes(
              'jp-EnvManager-input',
              invalid(creation, 'kernel') && 'jp-mod-invalid'
            )}
            aria-label={trans.__('Kernel display name')}
            aria-invalid={invalid(creation, 'kernel')}
            value={displayName}
            placeholder={
              defaultDisplayName(creation.values) ||
              trans.__('the name of the environment')
            }
            onChange={event =>
              creation.edit({ displayName: event.target.value })
            }
          />
          <div className="jp-EnvManager-hint">
            {group === null
              ? trans.__('appears under this name in the launcher, for you')
              : trans.__(
                  'appears under this name in the launcher, for the group %1',
                  group
                )}
          </div>
        </>
      )}
    </FormField>
  );
}

function ChannelsField({
  creation,
  status,
  trans
}: ICreateFormProps): JSX.Element {
  const named =
    creation.values.start === 'file'
      ? creation.reading.content?.channels
      : undefined;
  const configured = named?.length ? named : (status?.channels ?? []);
  const loading = trans.__('not known yet');
  const { channels } = creation.values;
  const [typed, setTyped] = React.useState('');
  const change = (value: string) => {
    setTyped(value);
    creation.edit({ channels: channelNames(value) });
  };
  // A template or a remedy may have set them since.
  const text = same(channelNames(typed), channels)
    ? typed
    : (channels ?? []).join(', ');
  return (
    <FormField
      id="jp-EnvManager-channels"
      label={trans.__('Channels')}
      problems={[creation.problemOf('channels')]}
    >
      {channels === null ? (
        <div className="jp-EnvManager-static">
          <span>{configured.join(', ') || loading}</span>
          <LinkButton onClick={() => creation.edit({ channels: configured })}>
            {trans.__('change')}
          </LinkButton>
        </div>
      ) : (
        <>
          <input
            id="jp-EnvManager-channels"
            className={classes(
              'jp-EnvManager-input jp-mod-wide',
              invalid(creation, 'channels') && 'jp-mod-invalid'
            )}
            value={text}
            spellCheck={false}
            aria-invalid={invalid(creation, 'channels')}
            aria-describedby="jp-EnvManager-channels-hint"
            onChange={event => change(event.target.value)}
          />
          <div className="jp-EnvManager-hint" id="jp-EnvManager-channels-hint">
            <span>
              {trans.__('for this environment only, the first comes first')}
            </span>
            <LinkButton onClick={() => creation.edit({ channels: null })}>
              {named
                ? trans.__('back to those of the file')
                : trans.__('back to the configured ones')}
            </LinkButton>
          </div>
        </>
      )}
    </FormField>
  );
}

function channelNames(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}
