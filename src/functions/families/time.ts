import { calendarIntervalFunctions } from '../calendar-interval.js';
import { datetimeFunctions } from '../datetime.js';
import { datetimeMoreFunctions } from '../datetime-more.js';
import { timeFunctions } from '../time.js';
import { timeBucketFunctions } from '../time-bucket.js';

/** Dates, instants and times of day. */
export const timeFamily = {
  ...datetimeFunctions,
  ...datetimeMoreFunctions,
  ...timeFunctions,
  ...timeBucketFunctions,
  ...calendarIntervalFunctions,
};
