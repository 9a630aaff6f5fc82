import type { Message } from '@lumino/messaging';
import React from 'react';

import { GpuPoll } from '../gpu/gpufigures';
import { GpuList } from '../gpu/gpus';
import { Placeholder } from '../widgets/components';
import { type ISectionOptions, View } from './sections';

/** The GPUs; live while they are seen. */
export class GpusView extends View {
  /** Show what the model says. */
  constructor(options: ISectionOptions) {
    super(options, ['gpus']);
    this._poll = new GpuPoll(options.model);
    options.model.gpusChanged.connect(this.update, this);
  }

  /** Look no more. */
  dispose(): void {
    if (!this.isDisposed) {
      this._poll.dispose();
      this.options.model.gpusChanged.disconnect(this.update, this);
      super.dispose();
    }
  }

  protected load(): void {
    this._poll.start();
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._poll.stop();
  }

  protected onBeforeDetach(msg: Message): void {
    super.onBeforeDetach(msg);
    this._poll.stop();
  }

  protected content(): JSX.Element {
    const { trans } = this.options;
    const resource = this.model.get('gpus');
    return (
      <>
        <Placeholder
          resource={resource}
          onRetry={this.retry}
          trans={trans}
          loading={trans.__('Asking the driver…')}
          quiet={this.isEcho(resource.problem)}
        />
        {resource.data && <GpuList report={resource.data} trans={trans} />}
      </>
    );
  }

  private readonly _poll: GpuPoll;
}
