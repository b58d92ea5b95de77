// What is live on the pages. Everything here has a form or a link that does the same.
"use strict";
