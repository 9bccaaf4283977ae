import { calendarIntervalFunctions } from '../calendar-interval.js';
import { datetimeFunctions } from '../datetime.js';
import { datetimeMoreFunctions } from '../datetime-more.js';
import { timeFunctions } from '../time.js';

/** Dates, instants and times of day. */
export const timeFamily = {
  ...datetimeFunctions,
  ...datetimeMoreFunctions,
  ...timeFunctions,
  ...calendarIntervalFunctions,
};
