import './base.css';
import './page.css';
import './environment.css';
