import './base.css';
import './page.css';
import './environment.css';
import './kernel.css';
import './cellnotes.css';
import './notebook.css';
